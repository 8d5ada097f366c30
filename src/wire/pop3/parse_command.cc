#include "wire/pop3/parse_command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <type_traits>

#include "text/ascii.h"

namespace posthorn::wire::pop3 {
namespace {

std::unexpected<Error> syntax(std::string text) { return fail(ErrorKind::syntax, std::move(text)); }

/// Reads the arguments of one command, word by word.
class Arguments {
 public:
  explicit Arguments(std::string_view text) : rest_(text) {}

  [[nodiscard]] std::string_view all() const { return rest_; }
  /// Returns the text up to the next spaces, and consumes those too. Empty if there is none.
  std::string_view word() {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(end);
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
    return found;
  }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// Only digits: no sign, no spaces.
std::optional<std::uint32_t> parse_number(std::string_view word) {
  std::uint32_t number = 0;
  if (word.empty() || !text::is_digit(word.front())) return std::nullopt;
  const auto [at, error] = std::from_chars(word.begin(), word.end(), number);
  if (at != word.end()) return std::nullopt;
  // No message has a number that is too large.
  return error == std::errc() ? number : std::numeric_limits<std::uint32_t>::max();
}

Result<MessageNumber> message_number(Arguments& arguments) {
  const auto number = parse_number(arguments.word());
  if (!number || *number == 0) return syntax("expected a message number");
  return *number;
}

template <class T>
Result<Command> of_a_message(Arguments arguments) {
  auto number = message_number(arguments);
  if (!number) return pass(number);
  if (!arguments.empty()) return syntax("the command takes only one argument");
  return T{*number};
}

template <class T>
Result<Command> of_a_message_or_all(Arguments arguments) {
  if (arguments.empty()) return T{};
  return of_a_message<T>(arguments);
}

/// Parses the arguments of the command T. One whose struct has members needs a specialization.
template <class T>
Result<Command> parse_as(Arguments arguments) {
  static_assert(std::is_empty_v<T>);
  if (!arguments.empty()) return syntax("the command takes no argument");
  return T{};
}

template <>
Result<Command> parse_as<User>(Arguments arguments) {
  if (arguments.empty()) return syntax("expected a user name");
  return User{std::string(arguments.all())};
}

template <>
Result<Command> parse_as<Pass>(Arguments arguments) {
  if (arguments.empty()) return syntax("expected a password");
  return Pass{std::string(arguments.all())};
}

template <>
Result<Command> parse_as<Apop>(Arguments) {
  return Apop{};
}

template <>
Result<Command> parse_as<Auth>(Arguments arguments) {
  Auth auth{std::string(arguments.word()), std::nullopt};
  if (!arguments.empty()) auth.initial_response = arguments.word();
  if (!arguments.empty()) return syntax("expected a mechanism and at most one response");
  return auth;
}

template <>
Result<Command> parse_as<Lang>(Arguments arguments) {
  Lang lang{std::string(arguments.word())};
  if (!arguments.empty()) return syntax("expected at most one language");
  return lang;
}

template <>
Result<Command> parse_as<List>(Arguments arguments) {
  return of_a_message_or_all<List>(arguments);
}

template <>
Result<Command> parse_as<Uidl>(Arguments arguments) {
  return of_a_message_or_all<Uidl>(arguments);
}

template <>
Result<Command> parse_as<Retr>(Arguments arguments) {
  return of_a_message<Retr>(arguments);
}

template <>
Result<Command> parse_as<Top>(Arguments arguments) {
  auto number = message_number(arguments);
  if (!number) return pass(number);
  const auto lines = parse_number(arguments.word());
  if (!lines || !arguments.empty())
    return syntax("expected a message number and a number of lines");
  return Top{*number, *lines};
}

template <>
Result<Command> parse_as<Dele>(Arguments arguments) {
  return of_a_message<Dele>(arguments);
}

struct Keyword {
  std::string_view name;
  Result<Command> (*parse)(Arguments);
};

constexpr auto kKeywords = []<class... T>(std::type_identity<std::variant<T...>>) {
  return std::to_array<Keyword>({{T::kSpec.name, parse_as<T>}...});
}(std::type_identity<Command>{});

/// A tab may be part of a password.
bool has_control(std::string_view line) {
  return std::ranges::any_of(
      line, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; });
}

}  // namespace

const CommandSpec& spec_of(const Command& command) {
  return std::visit([]<class T>(const T&) -> const CommandSpec& { return T::kSpec; }, command);
}

std::vector<std::string_view> command_names() {
  return []<class... All>(std::type_identity<std::variant<All...>>) {
    return std::vector<std::string_view>{All::kSpec.name...};
  }(std::type_identity<Command>{});
}

Result<Command> parse_command(std::string_view line) {
  if (has_control(line)) return syntax("the line contains control characters");
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view name = line.substr(0, end);
  const auto known = std::ranges::find_if(
      kKeywords, [&](const Keyword& keyword) { return text::iequals(keyword.name, name); });
  if (known == kKeywords.end()) return fail(ErrorKind::not_supported, "unknown command");
  std::string_view rest = line.substr(std::min(end + 1, line.size()));
  // A password may begin and end with spaces.
  if (known->name != Pass::kSpec.name) rest = text::trim(rest);
  return known->parse(Arguments(rest));
}

}  // namespace posthorn::wire::pop3
