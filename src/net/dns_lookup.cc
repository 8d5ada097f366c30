#include "net/dns_lookup.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace posthorn::net {
namespace {

constexpr int kSeconds = 2;  ///< For one attempt.
constexpr int kAttempts = 2;

int type_number(DnsType type) {
  switch (type) {
    case DnsType::a: return ns_t_a;
    case DnsType::aaaa: return ns_t_aaaa;
    case DnsType::cname: return ns_t_cname;
    case DnsType::mx: return ns_t_mx;
    case DnsType::srv: return ns_t_srv;
  }
  return ns_t_a;
}

/// The data of one record, which the parser has found to be within the message.
class RecordData {
 public:
  RecordData(const ns_msg& message, const ns_rr& record)
      : message_(message), at_(ns_rr_rdata(record)), left_(ns_rr_rdlen(record)) {}

  /// Appends a number and a space. Returns false if there is none.
  bool number(std::string& out) {
    if (left_ < 2) return false;
    out += std::to_string(ns_get16(at_)) + ' ';
    at_ += 2;
    left_ -= 2;
    return true;
  }
  bool name(std::string& out) {
    std::array<char, NS_MAXDNAME> text{};
    if (ns_name_uncompress(ns_msg_base(message_), ns_msg_end(message_), at_, text.data(),
                           text.size()) < 0)
      return false;
    std::string lower(text.data());
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (!lower.ends_with('.')) lower += '.';
    out += lower;
    return true;
  }
  bool address(std::string& out, int family) const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const std::size_t octets = family == AF_INET ? 4 : 16;
    if (left_ != octets) return false;
    ::inet_ntop(family, at_, text.data(), text.size());
    out += text.data();
    return true;
  }

 private:
  const ns_msg& message_;
  const unsigned char* at_;
  std::size_t left_;
};

bool format(RecordData data, DnsType type, std::string& out) {
  switch (type) {
    case DnsType::a: return data.address(out, AF_INET);
    case DnsType::aaaa: return data.address(out, AF_INET6);
    case DnsType::cname: return data.name(out);
    case DnsType::mx: return data.number(out) && data.name(out);
    case DnsType::srv:
      return data.number(out) && data.number(out) && data.number(out) && data.name(out);
  }
  return false;
}

Status set_server(res_state state, std::string_view server) {
  const std::size_t colon = server.rfind(':');
  const std::string address(server.substr(0, colon));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  std::uint16_t port = NS_DEFAULTPORT;
  if (colon != std::string_view::npos) {
    const std::string_view digits = server.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) port = 0;
  }
  to.sin_port = htons(port);
  if (port == 0 || ::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1)
    return fail(ErrorKind::bad_argument,
                fmt::format("'{}' is not the IPv4 address of a name server", server));
  state->nscount = 1;
  state->nsaddr_list[0] = to;
  return {};
}

}  // namespace

struct DnsResolver::State {
  struct __res_state native{};
  bool ready = ::res_ninit(&native) == 0;
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (ready) ::res_nclose(&native);
  }
};

DnsResolver::DnsResolver(std::unique_ptr<State> state) : state_(std::move(state)) {}
DnsResolver::DnsResolver(DnsResolver&& other) noexcept = default;
DnsResolver::~DnsResolver() = default;

Result<DnsResolver> DnsResolver::open(const std::string& server) {
  auto state = std::make_unique<State>();
  if (!state->ready)
    return fail(ErrorKind::unavailable, "the resolver of this system is not configured");
  state->native.retrans = kSeconds;
  state->native.retry = kAttempts;
  if (!server.empty())
    if (Status set = set_server(&state->native, server); !set) return pass(set);
  return DnsResolver(std::move(state));
}

Result<std::vector<std::string>> DnsResolver::look_up(const std::string& name, DnsType type) {
  std::vector<unsigned char> answer(NS_MAXMSG);
  const int size = ::res_nquery(&state_->native, name.c_str(), ns_c_in, type_number(type),
                                answer.data(), static_cast<int>(answer.size()));
  if (size < 0) {
    const int why = state_->native.res_h_errno;
    if (why == HOST_NOT_FOUND || why == NO_DATA) return std::vector<std::string>();
    return fail(ErrorKind::unavailable, fmt::format("{}: {}", name, ::hstrerror(why)));
  }
  ns_msg message{};
  if (::ns_initparse(answer.data(), std::min(size, static_cast<int>(answer.size())), &message) != 0)
    return fail(ErrorKind::unavailable, name + ": the answer cannot be understood");
  std::vector<std::string> found;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record{};
    if (::ns_parserr(&message, ns_s_an, i, &record) != 0) break;
    std::string data;
    if (ns_rr_type(record) == type_number(type) && format({message, record}, type, data))
      found.push_back(std::move(data));
  }
  return found;
}

}  // namespace posthorn::net
