"""The training pipeline (`tf.data`): photographs in, batches of crops out."""
