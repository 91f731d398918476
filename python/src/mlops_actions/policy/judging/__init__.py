"""What the rules come to: facts in, findings and one decision out, each told in a sentence."""
