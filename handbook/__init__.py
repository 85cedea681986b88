"""The documents: reference pages that the program writes, and the site that is made of all of them."""
