#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// What the commands need of CLI11, without its headers: they take longer to compile than
/// everything else in a file together, so only command_line.cc and the program's main file include
/// them. The names are those of CLI11, whose documentation explains them.
namespace posthorn::cli {

/// A handle of an option, to describe it further. Valid as long as its command.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}
  Option required() const;
  /// What stands for the value in the help, for example FILE.
  Option type_name(const std::string& name) const;
  /// Only these values are accepted.
  Option one_of(std::initializer_list<std::string> values) const;
  /// The value is a number of octets, and may have a unit such as 5GB (powers of 1,000) or 5GiB.
  Option as_size() const;
  /// Each use of the option takes one value.
  Option one_value() const;
  /// What the help shows as the default.
  Option default_str(const std::string& text) const;

 private:
  CLI::Option* option_;
};

/// A handle of a command or of the whole program. The variables for values must live until the
/// command has run.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  Command add_subcommand(const std::string& name, const std::string& help) const;
  /// One of the subcommands must be given.
  void require_subcommand() const;
  /// A name without dashes is a positional argument.
  Option add_option(const std::string& name, std::string& value, const std::string& help) const;
  Option add_option(const std::string& name, std::uint64_t& value, const std::string& help) const;
  /// An option that may be repeated.
  Option add_option(const std::string& name, std::vector<std::string>& values,
                    const std::string& help) const;
  /// Calls `take` with the option's value.
  Option add_option_function(const std::string& name,
                             const std::function<void(const std::string&)>& take,
                             const std::string& help) const;
  void add_flag(const std::string& name, bool& value, const std::string& help) const;
  /// The last part of the help: explanations and examples.
  void footer(const std::string& text) const;
  /// Called when the command was given and its options are read.
  void callback(std::function<void()> chosen) const;

 private:
  CLI::App* app_;
};

}  // namespace posthorn::cli
