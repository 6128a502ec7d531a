"""What can be said of a pod, and the pod template in wire form."""
