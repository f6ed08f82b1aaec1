"""The political-sensitivity probe: matched questions, put to models and scored."""
