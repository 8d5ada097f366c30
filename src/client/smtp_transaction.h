#pragma once

#include <string_view>
#include <vector>

#include "client/smtp_client.h"

namespace posthorn::client {

/// One mail transaction: the implementation of SmtpClient::send().
class SmtpClient::Transaction {
 public:
  Transaction(SmtpClient& client, const SmtpEnvelope& envelope, const SmtpContent& content,
              SmtpSource& source);
  async::Task<std::vector<SmtpOutcome>> run();

 private:
  void judge();
  async::Task<Status> say_envelope();
  Status note_mail(const wire::smtp::Reply& reply);
  Status note_recipient(std::size_t index, wire::smtp::Reply reply);
  async::Task<Status> send_data();
  async::Task<Status> stream_dotted();
  async::Task<Status> send_chunks();
  async::Task<Status> send_chunk(std::string_view octets);
  async::Task<Status> hear_verdict();
  async::Task<Status> next_block(std::string_view& block);
  async::Task<void> take_last_word(const Error& error);
  async::Task<void> reset();

  [[nodiscard]] wire::smtp::Mail mail() const;
  [[nodiscard]] wire::smtp::Rcpt recipient(std::size_t index) const;
  void settle(std::size_t index, wire::smtp::Reply reply);
  void settle_rest(const wire::smtp::Reply& reply);
  void refuse_rest(wire::smtp::EnhancedStatus status, const char* text);

  SmtpClient& client_;
  const SmtpEnvelope& envelope_;
  const SmtpContent& content_;
  SmtpSource& source_;
  std::vector<SmtpOutcome> outcomes_;
  std::vector<std::size_t> open_;  ///< Recipients without an outcome so far.
  bool utf8_ = false;              ///< SMTPUTF8 is used.
  bool mail_taken_ = false;        ///< A transaction is open and may need RSET.
  bool by_server_ = true;          ///< Outcomes are the server's decision.
  bool all_said_ = false;          ///< The end of the message may have been sent.
};

}  // namespace posthorn::client
