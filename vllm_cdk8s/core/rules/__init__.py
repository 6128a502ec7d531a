"""The rule book: what can be wrong, each rule with a code, a reason and a mend."""
