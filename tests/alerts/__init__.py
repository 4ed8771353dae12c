"""Tests of incidents and the channels they are told on."""
