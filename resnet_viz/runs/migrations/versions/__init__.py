"""One file a version; what a version was, its file says in its own words and not with today's tables."""
