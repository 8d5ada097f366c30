#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <string>

#include "extract/contract.h"
#include "extract/text_extractor.h"

namespace posthorn::extract {

/// Has each document read by a process of its own, the program `posthorn-extract`, which confines
/// itself before it reads anything. That process gets the document, an empty environment and no
/// other open file, and is ended after a time.
class ChildExtractor : public TextExtractor {
 public:
  explicit ChildExtractor(std::string program,
                          std::chrono::milliseconds longest = std::chrono::seconds(kMostSeconds))
      : program_(std::move(program)), longest_(longest) {}

  /// What cannot be read here is logged once for each kind. That no process can be started is
  /// `unavailable`; that there is no such program, not_supported.
  Result<std::string> extract(Kind kind, std::string_view document) override;
  void stop() override { stopping_ = true; }

 private:
  std::unexpected<Error> give_up(Kind kind, std::string_view why);

  const std::string program_;
  const std::chrono::milliseconds longest_;
  std::atomic<bool> stopping_ = false;
  std::array<std::atomic<bool>, 3> given_up_ = {};  ///< By kind.
};

/// Returns the program's path: beside this program, as in a build, or where it is installed. Empty
/// if it is in neither place.
std::string extractor_path();

}  // namespace posthorn::extract
