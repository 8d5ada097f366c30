#pragma once

#include <string>

#include "config/load.h"

/// The table of keys (config/schema.h) in the forms people read.
namespace posthorn::config {

/// Every value in force as TOML, each line with where it came from. Secrets are not shown.
std::string show(const Loaded& loaded);
/// A file with every key commented out at its default, and what it is for.
std::string example_file();
/// The same, for a server of one's own: what was said on the command line is in force in it, but
/// for secrets, which belong into files of their own.
std::string first_file(const Loaded& loaded);
/// The page of the documentation, in Markdown.
std::string reference_page();

}  // namespace posthorn::config
