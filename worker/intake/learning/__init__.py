"""What a sender's file seems to mean: a mapping or stylesheet proposed from one real file. Proposes only, pure."""
