// A walk over a file's wire format before it is parsed, because two bytes can become an object of 200.
#include "messages.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

namespace pb = google::protobuf;
using pb::internal::WireFormatLite;

namespace {

// Messages and strings; the largest networks have a few hundred thousand.
constexpr int64_t maximum_objects = 20'000'000;

// Takes the objects of one message from `budget`; false where it is used up. Stops quietly at what is malformed,
// which the parser refuses.
bool spend(pb::io::CodedInputStream &stream, const pb::Descriptor *type, int64_t &budget) {
    while (uint32_t tag = stream.ReadTag()) {
        const auto *field = type->FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
        const bool is_message = field && field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
        const bool is_string = field && field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING;
        if ((!field || is_message || is_string) && --budget < 0) return false;
        uint32_t size = 0;
        if (!is_message || WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
            if (!WireFormatLite::SkipField(&stream, tag)) return true;
            continue;
        }
        if (!stream.ReadVarint32(&size)) return true;
        const auto [limit, depth] = stream.IncrementRecursionDepthAndPushLimit(static_cast<int>(size));
        if (depth < 0) return true;
        if (!spend(stream, field->message_type(), budget)) return false;
        if (!stream.DecrementRecursionDepthAndPopLimit(limit)) return true;
    }
    return true;
}

}  // namespace

bool connx::within_budget(const void *bytes, int size, const pb::Message &message) {
    pb::io::CodedInputStream stream(static_cast<const uint8_t *>(bytes), size);
    int64_t budget = maximum_objects;
    return spend(stream, message.GetDescriptor(), budget);
}
