#include "auth/sasl/sasl_client.h"

#include <algorithm>

#include "auth/crypto.h"
#include "auth/sasl/scram_client.h"
#include "text/base64.h"

namespace posthorn::auth {
namespace {

constexpr std::size_t kNonceOctets = 18;

/// RFC 4616.
class PlainClient final : public ClientMechanism {
 public:
  explicit PlainClient(const Login& login) : login_(login) {}
  [[nodiscard]] std::string_view name() const override { return "PLAIN"; }
  std::optional<Secret> initial() override {
    std::string message;
    message.reserve(login_.user.size() + login_.password.reveal().size() + 2);
    message.append(1, '\0').append(login_.user).append(1, '\0').append(login_.password.reveal());
    Secret out(message);
    wipe(message);
    complete_ = true;
    return out;
  }
  Result<Secret> respond(std::string_view) override {
    return fail(ErrorKind::syntax,
                "the server sent an unexpected challenge after PLAIN was complete");
  }
  [[nodiscard]] bool is_complete() const override { return complete_; }

 private:
  const Login& login_;
  bool complete_ = false;
};

/// draft-murchison-sasl-login-00: the text of the prompts has no meaning.
class LoginClient final : public ClientMechanism {
 public:
  explicit LoginClient(const Login& login) : login_(login) {}
  [[nodiscard]] std::string_view name() const override { return "LOGIN"; }
  std::optional<Secret> initial() override { return std::nullopt; }
  Result<Secret> respond(std::string_view) override {
    switch (answers_++) {
      case 0: return Secret(login_.user);
      case 1: return Secret(login_.password.reveal());
      default:
        return fail(ErrorKind::syntax,
                    "the server sent an unexpected challenge after LOGIN was complete");
    }
  }
  [[nodiscard]] bool is_complete() const override { return answers_ == 2; }

 private:
  const Login& login_;
  int answers_ = 0;
};

}  // namespace

std::unique_ptr<ClientMechanism> choose_mechanism(std::span<const std::string> offered,
                                                  const Login& login, Plaintext plaintext,
                                                  ChannelBindings bindings) {
  const auto has = [&](std::string_view name) {
    return std::ranges::find(offered, name) != offered.end();
  };
  const auto nonce = [] { return text::base64_encode(random_bytes(kNonceOctets)); };
  using Binding = ScramClient::Binding;
  if (has("SCRAM-SHA-256-PLUS") && !bindings.exporter.empty())
    return std::make_unique<ScramClient>(login, Binding::used, std::move(bindings.exporter),
                                         nonce());
  if (has("SCRAM-SHA-256")) {
    // RFC 5802 §6: by "y", a server that does offer -PLUS learns that somebody removed it from the
    // list.
    const auto binding = bindings.exporter.empty() || has("SCRAM-SHA-256-PLUS")
                             ? Binding::none
                             : Binding::not_offered;
    return std::make_unique<ScramClient>(login, binding, "", nonce());
  }
  if (plaintext == Plaintext::refused) return nullptr;
  if (has("PLAIN")) return std::make_unique<PlainClient>(login);
  if (has("LOGIN")) return std::make_unique<LoginClient>(login);
  return nullptr;
}

}  // namespace posthorn::auth
