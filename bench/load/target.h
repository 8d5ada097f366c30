#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "client/imap_client.h"

namespace posthorn::bench {

/// The server to drive.
struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t imap_port = 0;
  std::uint16_t imaps_port = 0;
  std::uint16_t lmtp_port = 0;
  std::string user_pattern = "user{}@example.org";  ///< {} becomes a number.
  std::string password = "secret";
  int server_pid = 0;  ///< Its first process, for processor time and memory; 0: not measured.
};

/// In clear, or with TLS from the first octet.
enum class Channel : std::uint8_t { clear, tls };

/// How much work a row does; whichever bound comes first.
struct Plan {
  std::uint64_t seed = 1;
  std::uint64_t count = 1000;  ///< Operations, messages or sessions.
  double seconds = 10;         ///< Of the measured part.
  std::uint64_t repeat = 5;    ///< Of commands over a whole mailbox.
  std::uint64_t settle_ms = 1500;
  std::uint64_t user = 7000;   ///< Whose mailbox, where a row is for any.
  std::uint64_t accounts = 1;  ///< Where a row picks one of many.
};

/// Accounts with numbers from here on are for one kind of row each.
inline constexpr std::uint64_t kBigUser = 0;       ///< The large mailbox.
inline constexpr std::uint64_t kLmtpUsers = 1000;  ///< 100 of them.
inline constexpr std::uint64_t kAppendUsers = 2000;
inline constexpr std::uint64_t kMixedUsers = 3000;
inline constexpr std::uint64_t kPeopleUsers = 4000;  ///< 600 of them.
inline constexpr std::uint64_t kStartUsers = 4900;   ///< One for each program.
inline constexpr std::uint64_t kPushUser = 5000;
inline constexpr std::uint64_t kLoginUsers = 6000;     ///< 50 of them.
inline constexpr std::uint64_t kDiskUsers = 8000;      ///< 100 of them.
inline constexpr std::uint64_t kIdleUsers = 10'000;    ///< Thousands of them.
inline constexpr std::uint64_t kGrowthUsers = 20'000;  ///< All that follow.

using Session = std::unique_ptr<client::ImapClient>;

std::string user_name(const Target& target, std::uint64_t number);

/// Connected and logged in. Errors: those of dial() and ImapClient.
async::Task<Result<Session>> sign_in(const Target& target, std::uint64_t user,
                                     Channel channel = Channel::clear);

/// `count` sessions, session i as user first + i / per_user; opened by 16 at a time, after one of
/// each user has come and gone.
async::Task<Result<std::vector<Session>>> sign_in_many(const Target& target, std::uint64_t first,
                                                       std::uint64_t count, std::uint64_t per_user);

/// Logs in, selects INBOX and says IDLE.
async::Task<Result<Session>> sign_in_idle(const Target& target, std::uint64_t user,
                                          Channel channel = Channel::clear);

/// As ImapClient::command(). Errors: also io when the server says NO or BAD.
async::Task<Result<client::ImapReply>> must(client::ImapClient& client, std::string command);

/// The number of messages that the answer to SELECT named.
std::uint64_t exists_of(const client::ImapReply& selected);

/// One APPEND of a whole message to INBOX.
async::Task<Status> append(client::ImapClient& client, std::string message);

}  // namespace posthorn::bench
