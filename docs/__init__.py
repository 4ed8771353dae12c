"""The documentation: hand-written pages, and the code that generates the others from the declarations they describe."""
