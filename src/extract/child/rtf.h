#pragma once

#include <string_view>

#include "extract/child/text_output.h"

namespace posthorn::extract {

/// Extracts the text of a document in Rich Text Format (specification 1.9.1), without fields'
/// instructions, pictures, styles and other things that are not displayed. Takes time in proportion
/// to the document. Returns false if it is not such a document, ends within a group, or nests
/// groups more than a thousand deep; the text before that has been put out.
bool extract_rtf(std::string_view document, TextOutput& out);

}  // namespace posthorn::extract
