#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace posthorn::auth {

/// Overwrites the string's octets before emptying it, so that they do not remain in freed memory.
void wipe(std::string& bytes);

/// Octets, such as a password, that are overwritten when they are destroyed. A secret can be moved,
/// but not copied, printed or compared. Code that needs the octets calls reveal().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes) : bytes_(bytes) {}
  // Copies and wipes, because a moved-from short string would keep its octets.
  // NOLINTNEXTLINE(performance-move-constructor-init)
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe(bytes_);
      bytes_ = other.bytes_;  // As above.
      wipe(other.bytes_);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(bytes_); }

  [[nodiscard]] std::string_view reveal() const { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::string bytes_;
};

}  // namespace posthorn::auth
