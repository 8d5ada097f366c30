#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace posthorn::cli {

Option Option::required() const { return Option(*option_->required()); }

Option Option::type_name(const std::string& name) const {
  return Option(*option_->type_name(name));
}

Option Option::one_of(std::initializer_list<std::string> values) const {
  return Option(*option_->check(CLI::IsMember(std::vector<std::string>(values))));
}

Option Option::as_size() const { return Option(*option_->transform(CLI::AsSizeValue(true))); }

Option Option::one_value() const { return Option(*option_->allow_extra_args(false)); }

Option Option::default_str(const std::string& text) const {
  return Option(*option_->default_str(text));
}

Command Command::add_subcommand(const std::string& name, const std::string& help) const {
  return Command(*app_->add_subcommand(name, help));
}

void Command::require_subcommand() const { app_->require_subcommand(1); }

Option Command::add_option(const std::string& name, std::string& value,
                           const std::string& help) const {
  return Option(*app_->add_option(name, value, help));
}

Option Command::add_option(const std::string& name, std::uint64_t& value,
                           const std::string& help) const {
  return Option(*app_->add_option(name, value, help));
}

Option Command::add_option(const std::string& name, std::vector<std::string>& values,
                           const std::string& help) const {
  return Option(*app_->add_option(name, values, help));
}

Option Command::add_option_function(const std::string& name,
                                    const std::function<void(const std::string&)>& take,
                                    const std::string& help) const {
  return Option(*app_->add_option_function<std::string>(name, take, help));
}

void Command::add_flag(const std::string& name, bool& value, const std::string& help) const {
  app_->add_flag(name, value, help);
}

void Command::footer(const std::string& text) const { app_->footer(text); }

void Command::callback(std::function<void()> chosen) const { app_->callback(std::move(chosen)); }

}  // namespace posthorn::cli
