/// Boxes on images: non-maximum suppression, and features of regions.
#ifndef DLC_REGION_H
#define DLC_REGION_H

#include "dlc_common.h"

/// ONNX NonMaxSuppression with a place for every box that can be kept: of each class of each batch, boxes in the
/// order of their scores (equal ones by lower index), without those whose intersection over union with a kept one
/// exceeds the threshold. Boxes [batch, boxes, 4] f32, two opposite corners or (x, y, width, height) of the centre;
/// scores [batch, classes, boxes] f32; result [batch, classes, limit] int64, unused places -1. Scores that are not
/// above the threshold, and NaN, are passed over. Buffers: boxes, scores, the overlap and the score (f32 [1] each, in place of those
/// of the parameters; null where these count), result, status, which an overlap outside of 0 to 1 makes 1.
typedef struct {
    int64_t batch, classes, boxes, limit;
    bool centred;
    float overlap, score;
} dlc_nms;

bool dlc_nms_prepare(dlc_isa isa, dlc_nms *nms, dlc_launch *launch);

/// The most levels of a feature pyramid.
#define DLC_ROI_LEVELS 8

typedef enum : uint8_t {
    DLC_ROI_ALIGN_MEAN = 0, ///< ONNX RoiAlign, mode avg
    DLC_ROI_ALIGN_MAX = 1,  ///< mode max: of the weighted neighbours of all samples
    DLC_ROI_POOL = 2,       ///< ONNX MaxRoiPool: the largest element of each bin, whose edges are rounded outwards
} dlc_roi_kind;

/// One image of features, at any strides (in elements).
typedef struct {
    int64_t height, width;
    int64_t image_stride, row_stride, column_stride, channel_stride;
    float scale;             ///< elements per unit of the boxes
} dlc_roi_level;

/// Regions of images as images of one size. Boxes [regions, 4] f32 (left, top, right, bottom); images [regions] int64, or
/// null: as many regions of each image in turn; levels f32; result [regions, height, width, channels] f32. Of several
/// levels, each half as large as the one before, a region is read from `4 + log2(sqrt(area) / 224)` rounded down, where
/// `first` is the level at index 0. A region of an image that does not exist is zero, and status is set to 1. Buffers:
/// boxes, images, one per level, result, status (may be null).
typedef struct {
    dlc_roi_kind kind;
    bool half_pixel;         ///< whether boxes are moved by half an element
    int32_t samples;         ///< per bin and direction; 0 for as many as the bin has elements
    int32_t levels, first;
    int64_t batch, regions, channels, height, width;
    dlc_roi_level level[DLC_ROI_LEVELS];
} dlc_roi;

bool dlc_roi_prepare(dlc_isa isa, dlc_roi *roi, dlc_launch *launch);

/// The gradient of regions with respect to the levels: every element of dy, at any strides (in elements), goes to what it was
/// read from, in the order of the regions. Results [images, height, width, channels], dense, one per level. A task has some
/// channels of an image to itself. Buffers: boxes, images (or null), dy, one per level, one result per level, status.
typedef struct {
    dlc_roi roi;
    int64_t region_stride, row_stride, column_stride, channel_stride; ///< of dy
    int64_t blocks;                                                   ///< set by prepare: of channels
} dlc_roi_gradient;

bool dlc_roi_gradient_prepare(dlc_isa isa, dlc_roi_gradient *gradient, dlc_launch *launch);

#endif
