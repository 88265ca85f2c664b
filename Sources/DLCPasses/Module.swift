import DLCTensor
