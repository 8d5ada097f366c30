#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index/thread.h"

namespace posthorn::index {

/// What threading needs of one message. Strings are copies.
struct ThreadInput {
  std::uint32_t position = 0;
  std::int64_t sent = 0;  ///< RFC 5256 §2.2.
  std::string base_subject;
  bool reply = false;      ///< The subject is that of a reply or forward.
  std::string message_id;  ///< Empty: none that is valid.
  std::vector<std::string> references;
};

ThreadForest thread_by_subject(std::vector<ThreadInput> messages);
ThreadForest thread_by_references(std::vector<ThreadInput> messages);

}  // namespace posthorn::index
