"""How many pods a server has, and keeps: autoscalers, disruption budgets, spreads."""
