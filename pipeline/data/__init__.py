"""The user's samples: fetched in a child process, kept as arrays, laid out as models want them."""
