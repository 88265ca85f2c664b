#if ONNX
import DLCTensor
#endif
