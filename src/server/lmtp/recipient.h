#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/result.h"
#include "server/lmtp/lmtp_server.h"
#include "store/account.h"
#include "wire/smtp/address.h"
#include "wire/smtp/reply.h"

namespace posthorn::server::lmtp {

/// A recipient that got a 250.
struct Recipient {
  std::string address;  ///< As the client said it.
  std::string folder;   ///< The detail of user+detail, in UTF-8; empty: none.
  store::AccountPtr account;
};

/// What RCPT is answered with when it cannot be taken: 550 5.1.1 nobody has the address, 550 5.2.1
/// disabled, 552 5.2.2 over quota, 451 4.3.0 for trouble here.
struct Refused {
  wire::smtp::Reply reply;
};

/// Finds whose the address is: the whole address first, then the part before the separator.
/// `announced` octets (0: not said) are judged against the quota, so that a full mailbox is told as
/// early as can be.
async::Task<std::expected<Recipient, Refused>> resolve(const LmtpContext& context,
                                                       const LmtpOptions& options,
                                                       wire::smtp::Address address,
                                                       std::uint64_t announced);

/// The mailbox a message for `folder` goes to: the one of that name, else one that differs in the
/// case of ASCII letters only, else INBOX. `folder` may have levels, parted by '/'.
MailboxId choose_mailbox(const store::AccountState& state, std::string_view folder);

/// The reply to a recipient whose delivery failed, or whose look-up did.
wire::smtp::Reply reply_of(const Error& error);

}  // namespace posthorn::server::lmtp
