#include "text/finder.h"

#include <cstring>

namespace posthorn::text {

std::size_t Finder::find(std::string_view text) const {
  if (needle_.empty()) return 0;
  const void* at = memmem(text.data(), text.size(), needle_.data(), needle_.size());
  return at == nullptr ? npos
                       : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

bool StreamFinder::feed(std::string_view chunk) {
  if (found_ || chunk.empty()) return found_;
  const std::size_t overlap = finder_->needle().size() - 1;
  // A match across the border lies in the tail and the first `overlap` octets.
  if (!tail_.empty()) {
    tail_.append(chunk.substr(0, overlap));
    found_ = finder_->found_in(tail_);
  }
  if (!found_) found_ = finder_->found_in(chunk);
  if (found_) return true;
  if (chunk.size() >= overlap) {
    tail_.assign(chunk.substr(chunk.size() - overlap));
  } else if (tail_.empty()) {
    tail_.assign(chunk);
  } else if (tail_.size() > overlap) {
    tail_.erase(0, tail_.size() - overlap);
  }
  return false;
}

void StreamFinder::reset() {
  tail_.clear();
  found_ = finder_->needle().empty();
}

}  // namespace posthorn::text
