#include "app/accounts/try_directories.h"

#include <fmt/core.h>

#include <memory>
#include <utility>

#include "app/accounts/directories.h"
#include "async/wait.h"
#include "base/clock.h"
#include "base/ids.h"
#include "text/ascii.h"

namespace posthorn::app {
namespace {

using directory::Source;

/// A name that nobody has, in a domain that the directory is asked for.
std::string made_up_name(const Source& source, const config::Config& config) {
  std::string name = "posthorn-doctor-" + to_hex(random_partition_id());
  const std::vector<std::string>& domains =
      source.options().domains.empty() ? config.domains : source.options().domains;
  if (!domains.empty()) name += '@' + text::lower(domains.front());
  return name;
}

/// The text of the error is for a client; the reason is its cause.
std::unexpected<Error> reason_of(const Error& error) {
  return fail(ErrorKind::unavailable, error.cause.empty() ? error.text : error.cause);
}

Status try_out(Source& source, const config::Config& config) {
  const std::string name = made_up_name(source, config);
  auto found = async::wait(source.find_user(name, directory::Age::now));
  if (!found) return reason_of(found.error());
  if (*found == nullptr) return {};
  if (source.options().knows_users)
    return fail(ErrorKind::corrupt,
                fmt::format("it finds the entry {} for {}, a name that nobody has",
                            (*found)->handle, name));
  // It can only try a password.
  const auto made_up = std::make_shared<const auth::Secret>(to_hex(random_partition_id()));
  const auto right = async::wait(source.verify(std::move(*found), made_up));
  if (!right) return reason_of(right.error());
  if (*right)
    return fail(ErrorKind::corrupt,
                fmt::format("it accepts any password, for {}, a name that nobody has", name));
  return {};
}

}  // namespace

Result<std::vector<DirectoryTrial>> try_directories(const config::Config& config) {
  auto chain = make_directories(config, system_clock());
  if (!chain) return pass(chain);
  std::vector<DirectoryTrial> trials;
  for (const auto& source : chain->sources)
    trials.push_back({source->options().name, try_out(*source, config)});
  return trials;
}

}  // namespace posthorn::app
