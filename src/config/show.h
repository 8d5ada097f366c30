#pragma once

#include <string>

#include "config/load.h"

/// Prints the table of keys (config/schema.h) in forms for people.
namespace posthorn::config {

/// Returns all current values as TOML, each with its origin. Secrets are not shown.
std::string show(const Loaded& loaded);
/// Returns a file with every key, commented out at its default and explained.
std::string example_file();
/// Returns the first configuration file of a new server: as example_file(), but with the settings
/// of the command line in effect, except for secrets, which belong in files of their own.
std::string first_file(const Loaded& loaded);
/// Returns the reference page of the documentation, in Markdown.
std::string reference_page();

}  // namespace posthorn::config
