#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "admin/admin.h"

/// Who has changed what with administrative requests, in the log.
namespace posthorn::admin {

/// A request that changes something. What it contains besides (passwords, messages) is left out.
struct Act {
  std::string what;                  ///< The name of the request.
  std::string about;                 ///< An account, an alias, a session or a queued message.
  std::optional<std::uint32_t> uid;  ///< The user id of the process that asked.
  std::string sudo_user;  ///< The user who has run it with sudo, as that process says; or empty.
  std::string outcome;    ///< "ok", or the kind of the error.
  std::uint64_t session = 0;  ///< The connection to the admin socket (net::Stream::id()).
  std::int64_t at = 0;        ///< If it was kept for the log: seconds since 1970.
};

/// The member of a request with Act::sudo_user.
inline constexpr std::string_view kSudoUser = "sudo_user";

/// Returns nothing for requests that only read, and for the messages of an import, which are too
/// many.
std::optional<Act> act_of(const Json& request);
std::string outcome_of(const Result<Answer>& answer);
void log_act(const Act& act);

/// Passes requests on, and keeps those that change something in a file of the data directory: for
/// commands that work on the data while no server runs, whose log nobody would find.
class KeptAdmin final : public Admin {
 public:
  KeptAdmin(std::unique_ptr<Admin> admin, std::string data_dir)
      : admin_(std::move(admin)), data_dir_(std::move(data_dir)) {}
  async::Task<Result<Answer>> call(Json request) override;
  async::Task<Result<Answer>> call(Json request, OctetSource& octets) override;

 private:
  void keep(std::optional<Act> act, const Result<Answer>& answer) const;

  std::unique_ptr<Admin> admin_;
  const std::string data_dir_;
};

/// Writes what was kept to the log, and empties the file. Requires: the store in the directory is
/// open, so that no other process keeps anything there.
void log_kept_acts(const std::string& data_dir);

}  // namespace posthorn::admin
