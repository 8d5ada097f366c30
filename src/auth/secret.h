#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace posthorn::auth {

/// Overwrites the string's bytes before emptying it, so that they do not stay in freed memory.
void wipe(std::string& bytes);

/// Bytes that are overwritten when they are let go: a password on its way to being checked. It
/// moves but is never copied, printed or compared; those who must see the bytes say reveal().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes) : bytes_(bytes) {}
  // A copy and a wipe: a moved-from short string would keep its bytes.
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
