"""Reading and writing images, and the training pipeline that reads folders of them."""
