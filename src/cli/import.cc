#include <CLI/CLI.hpp>
#include "cli/program.h"
namespace posthorn::cli {
void add_import(CLI::App&, Program&) {}
void add_export(CLI::App&, Program&) {}
}
