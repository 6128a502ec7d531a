"""Looking for what is wrong with a server: the facts that are known of it, and the checks that apply the rules."""
