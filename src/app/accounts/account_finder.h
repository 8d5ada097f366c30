#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "base/shared_value.h"
#include "directory/chain.h"
#include "store/store.h"

namespace posthorn::app {

/// Whom a name belongs to.
struct Found {
  /// The account or alias in the store. None: a user of a directory who has no account here yet, or
  /// `targets`.
  std::optional<store::AddressEntry> entry = {};
  /// Null: an account or alias of the store itself.
  directory::Source* source = nullptr;
  directory::EntryPtr person = {};          ///< A user of `source`.
  directory::Source::Targets targets = {};  ///< Of an alias of `source`.
};

/// Asks the store and the directories for names, in the order of the chain: the first one that
/// knows a name is right. An account that was made for a user of a directory is nobody's while no
/// directory knows the user.
class AccountFinder {
 public:
  using Domains = SharedValue<std::vector<std::string>>;
  /// All must outlive this object. `domains` are those of the server, in lower case.
  AccountFinder(store::Store& store, directory::Chain& chain, const Domains& domains)
      : store_(store), chain_(chain), domains_(domains) {}

  enum class What : std::uint8_t { users, users_and_aliases };
  /// Finds a name in lower case. Aliases of the store are found in any case. Errors: unavailable if
  /// a directory that may know the name cannot be asked, or if what it says contradicts another;
  /// would_block as directory::Age; those of the store.
  async::Task<Result<std::optional<Found>>> find(std::string name, directory::Age age, What what);

  /// Returns whether a directory is asked for names like this one.
  async::Task<Result<bool>> is_asked(directory::Source* source, std::string name);
  /// Returns whether a domain is one whose users are in directories.
  async::Task<Result<bool>> has_domain(std::string domain);

 private:
  enum class Names : std::uint8_t { are_checked, must_match };
  async::Task<Result<std::optional<Found>>> look(std::string name, directory::Age age, What what,
                                                 Names names);
  async::Task<Result<std::optional<Found>>> look_in_store(std::string name, directory::Age age);
  async::Task<Status> check_name(directory::Source* source, directory::EntryPtr person,
                                 std::string asked, directory::Age age);
  [[nodiscard]] bool lists(const directory::Source& source, std::string_view domain) const;

  store::Store& store_;
  directory::Chain& chain_;
  const Domains& domains_;
};

/// Returns the name of the directory whose user an account was made for; empty: it is the store's
/// own.
std::string directory_of(const store::AccountProfile& profile);

}  // namespace posthorn::app
