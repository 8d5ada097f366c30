#include "server/smtp/delivery_reply.h"

namespace posthorn::server::smtp {

using wire::smtp::reply;

wire::smtp::Reply reply_of(const Error& error) {
  switch (error.kind) {
    // RFC 3463 §3.3: X.2.2 the mailbox is full, X.2.1 it is disabled, X.3.4 the message is too big
    // for the system.
    case ErrorKind::over_quota: return reply(552, {5, 2, 2}, "The mailbox is full");
    case ErrorKind::too_big:
      return reply(552, {5, 3, 4}, "The message is larger than this server accepts");
    case ErrorKind::not_found: return reply(550, {5, 1, 1}, "No such user here");
    case ErrorKind::no_permission: return reply(550, {5, 2, 1}, "The mailbox does not accept mail");
    case ErrorKind::limit: return reply(452, {4, 2, 0}, "The mailbox cannot accept more messages");
    case ErrorKind::syntax: return reply(554, {5, 6, 0}, error.text);
    default: return reply(451, {4, 3, 0}, "Temporary server error; please try again later");
  }
}

wire::smtp::Reply forwarding_reply_of(const Error& error) {
  switch (error.kind) {
    // RFC 3463 §3.4, §3.5, §3.8: X.4.6 routing loop, X.3.5 the system is not configured for it,
    // X.7.1 not authorized.
    case ErrorKind::no_permission: return reply(554, {5, 4, 6}, error.text);
    case ErrorKind::unavailable: return reply(451, {4, 3, 5}, error.text);
    case ErrorKind::limit: return reply(450, {4, 7, 1}, error.text);
    case ErrorKind::bad_argument: return reply(550, {5, 7, 1}, error.text);
    default: return reply_of(error);
  }
}

wire::smtp::Reply low_space_reply(const Error& error) {
  // RFC 5321 §4.2.3, RFC 3463 §3.4: X.3.1 the mail system is full.
  return reply(452, {4, 3, 1}, error.text);
}

}  // namespace posthorn::server::smtp
