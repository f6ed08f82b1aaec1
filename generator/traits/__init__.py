"""What a model is, told from its own record: its size, its modality, its licence. One file a trait."""
