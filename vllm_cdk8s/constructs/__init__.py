"""What stands in the tree: one thin cdk8s construct per public class, over the plans of the core."""
