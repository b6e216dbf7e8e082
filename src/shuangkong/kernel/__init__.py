"""The shared kernel: types whose meaning is fixed for every slice. No policy, no input or output."""
