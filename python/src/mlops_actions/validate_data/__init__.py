"""validate-data: is this data what its contract says, and is it still what the model was trained on?"""
