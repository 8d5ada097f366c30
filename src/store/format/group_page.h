#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "base/result.h"

namespace posthorn::store {

/// A decoded page: one column of a few hundred messages in ordinal order.
class GroupPage {
 public:
  /// `rows` must be in ascending ordinal order.
  static std::string encode(std::span<const std::pair<Ordinal, std::string_view>> rows);
  /// Checks one message's bytes of a column.
  using Judge = bool (*)(std::string_view);
  /// Errors: corrupt, not_supported.
  static Result<std::shared_ptr<const GroupPage>> decode(std::string_view record,
                                                         Judge judge = nullptr);

  /// Returns true if the judge accepted every message, or if there was no judge.
  [[nodiscard]] bool trusted() const { return trusted_; }

  /// Takes constant time if no ordinal of the group is missing. Errors: not_found.
  [[nodiscard]] Result<std::string_view> find(Ordinal ordinal) const;
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] Ordinal ordinal_at(std::size_t i) const;
  [[nodiscard]] std::string_view at(std::size_t i) const;
  [[nodiscard]] std::size_t bytes() const { return payload_.size(); }

 private:
  [[nodiscard]] std::uint32_t offset(std::size_t i) const;

  std::string payload_;
  std::size_t count_ = 0;
  bool trusted_ = true;
};

}  // namespace posthorn::store
