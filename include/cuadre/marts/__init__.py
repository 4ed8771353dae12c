"""The warehouse's schema `recon`: DDL, migrations, the SQL that fills it, publication."""
