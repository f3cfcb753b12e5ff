"""Changes to sentences, answers and cases whose effect on a metric is known beforehand."""
