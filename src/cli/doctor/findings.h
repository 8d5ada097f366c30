#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthorn::cli {

enum class Severity : std::uint8_t {
  ok,       ///< What was looked at, and how it is.
  note,     ///< Something that could not be looked at, or that is right for some installations.
  warning,  ///< Works now, and is going to fail, or fails for some.
  fault,    ///< Does not work, or lets somebody in.
};

struct Finding {
  Severity severity = Severity::ok;
  std::string_view check;  ///< The name of the check. Static.
  std::string what;        ///< What was found, and where.
  std::string advice;      ///< What to do. Empty for Severity::ok.
};

/// What the checks have found, in their order.
class Findings {
 public:
  /// What follows belongs to this check. The name must be static.
  void begin(std::string_view check) { check_ = check; }
  void ok(std::string what) { add(Severity::ok, std::move(what), {}); }
  void note(std::string what, std::string advice) {
    add(Severity::note, std::move(what), std::move(advice));
  }
  void warning(std::string what, std::string advice) {
    add(Severity::warning, std::move(what), std::move(advice));
  }
  void fault(std::string what, std::string advice) {
    add(Severity::fault, std::move(what), std::move(advice));
  }
  void add(Severity severity, std::string what, std::string advice) {
    all_.push_back({severity, check_, std::move(what), std::move(advice)});
  }
  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }
  /// Returns whether the current check has found nothing worse than Severity::ok.
  [[nodiscard]] bool is_clean() const;

 private:
  std::string_view check_;
  std::vector<Finding> all_;
};

}  // namespace posthorn::cli
