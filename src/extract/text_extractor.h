#pragma once

#include <string>

#include "base/result.h"
#include "extract/kind.h"

namespace posthorn::extract {

/// Turns documents into text. Thread: any; several at once.
class TextExtractor {
 public:
  TextExtractor() = default;
  TextExtractor(const TextExtractor&) = delete;
  TextExtractor& operator=(const TextExtractor&) = delete;
  virtual ~TextExtractor() = default;

  /// Returns the document's text, at most kMostText octets (contract.h) that may be anything: a
  /// hostile document may have written them. A document that cannot be read, or only in part, or
  /// takes too long, has as much text as was found until then. Blocks, for kMostSeconds at most.
  /// Errors: not_supported if no document of this kind can be read here; unavailable if this one
  /// may be read later (no memory, no process, or stop() was called).
  virtual Result<std::string> extract(Kind kind, std::string_view document) = 0;
  /// Ends what runs, and lets nothing run any more.
  virtual void stop() = 0;
};

}  // namespace posthorn::extract
