#pragma once

#include <cstdint>
#include <string_view>

#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "service/delivery/recipient.h"
#include "service/sending/sending_rules.h"
#include "store/account.h"

/// Rules for what an account may send.
namespace posthorn::service {

/// How an account may use an address as author or sender of its mail.
struct SenderRight {
  enum class Kind : std::uint8_t {
    none,
    /// Its own address or an alias, with or without a detail, or one granted to it
    /// (SendingSettings::may_send_as), where "@example.org" stands for a whole domain.
    own,
    as_team,    ///< An address of a team of which it is a member.
    on_behalf,  ///< The same, but the message must also name the member as its sender.
  };
  Kind kind = Kind::none;
  store::AccountPtr team = {};  ///< For the last two.
};
/// Errors: those of `find`, and of opening the account of a team.
async::Task<Result<SenderRight>> sender_right(const FindAddress& find, std::string_view separator,
                                              store::AccountPtr account, EnvelopeAddress address);

/// Returns whether mail of the account may have this address as its only author and sender. Errors:
/// as sender_right().
async::Task<Result<bool>> may_send_as(const FindAddress& find, std::string_view separator,
                                      store::AccountPtr account, EnvelopeAddress address);

/// Checks that one more message with `recipients` recipients is within the limits. Errors: limit,
/// with a sentence for the sender, if it may be sent later; bad_argument if it can never be.
Status check_limits(const store::SendingUsage& usage, const SendingLimits& limits,
                    std::uint32_t recipients, Timestamp now);

/// Counts a message that the account sent by another mail server, as submit() counts those that it
/// queues. `session` is the connection that asks for it (net::Stream::id()), for the log. Errors:
/// as check_limits(), and nothing is counted then; io, unavailable.
async::Task<Status> count_message(store::AccountPtr account, SendingLimits limits,
                                  std::uint32_t recipients, std::uint64_t session = 0);

/// Returns whether a copy of sent messages is filed.
bool keeps_sent(const store::AccountState& state, const SendingRules& rules);

}  // namespace posthorn::service
