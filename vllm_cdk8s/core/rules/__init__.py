"""The rule book: what can be wrong, each rule with a code, a reason and a mend; and the facts that rules look at."""
