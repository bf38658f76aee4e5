"""The dashboard's questions as they would be answered without read models: what `benchmarks.reads` compares with."""
