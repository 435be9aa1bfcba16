"""A run as MLflow and TensorBoard show it, beside what its own folder keeps."""
