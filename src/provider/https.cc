#include "provider/https.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <array>
#include <ctime>

#include "text/ascii.h"

namespace posthorn::provider {
namespace {

constexpr long kMaxIdleSeconds = 60;
constexpr std::size_t kKeptHandles = 8;

/// libcurl is initialised once for the process, before the first thread uses it.
void initialize() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(done);
}

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// A part of a URL; empty if it has none.
std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool is_on_loopback(std::string_view host) {
  if (host == "[::1]") return true;
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

Status check_url(const std::string& url, PlainHttp plain) {
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  if (!parsed || url.find_first_of(" \t\r\n") != std::string::npos ||
      curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return fail(ErrorKind::bad_argument, "is not a URL");
  const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  const bool may_be_plain =
      plain == PlainHttp::on_loopback && is_on_loopback(part_of(parsed.get(), CURLUPART_HOST));
  if (scheme != "https" && !(scheme == "http" && may_be_plain))
    return fail(ErrorKind::bad_argument, "must begin with https://");
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT})
    if (!part_of(parsed.get(), part).empty())
      return fail(ErrorKind::bad_argument, "must have no user name, no password and no fragment");
  return {};
}

std::string percent_encoded(std::string_view octets) {
  std::string out;
  out.reserve(3 * octets.size());  // Prevents growth, which would leave a copy of a secret behind.
  for (const char c : octets) {
    if (text::is_alpha(c) || text::is_digit(c) || std::string_view("-._~").contains(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// A handle of libcurl with what its callbacks write to.
class Https::Handle {
 public:
  explicit Handle(const Https& owner) : owner_(owner), curl_(curl_easy_init()) {}
  ~Handle() { curl_easy_cleanup(curl_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Result<Answer> ask(const Request& request) {
    if (curl_ == nullptr) return fail(ErrorKind::unavailable, "libcurl cannot be used");
    curl_easy_reset(curl_);  // Connections stay.
    body_.clear();
    header_octets_ = 0;
    too_big_ = false;
    words_[0] = '\0';
    prepare();
    set(CURLOPT_URL, request.url.c_str());
    auth::Secret password;
    std::string user;
    if (request.password) {
      // RFC 6749 §2.3.1: both are encoded first.
      std::string encoded = percent_encoded(request.password->reveal());
      password = auth::Secret(encoded);
      auth::wipe(encoded);
      user = percent_encoded(request.user);
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, user.c_str());
      const char* const octets = password.reveal().data();  // Ends with NUL, as a string's do.
      set(CURLOPT_PASSWORD, octets);
    }
    if (request.form) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.form->reveal().size()));
      const char* const form = request.form->reveal().data();
      set(CURLOPT_POSTFIELDS, form);
    }
    const CURLcode code = curl_easy_perform(curl_);
    // Nothing of a request is kept.
    set(CURLOPT_POSTFIELDS, static_cast<const char*>(nullptr));
    if (too_big_)
      return fail(ErrorKind::too_big,
                  fmt::format("{}: the answer has more than {} octets", request.url, kMaxBody));
    if (code != CURLE_OK)
      return fail(ErrorKind::unavailable,
                  fmt::format("{}: {}", request.url,
                              words_[0] != '\0' ? words_.data() : curl_easy_strerror(code)));
    Answer answer{.body = std::move(body_), .date = date()};
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(curl_, option, value);
  }

  /// What the answer says of the server's clock.
  [[nodiscard]] std::optional<std::int64_t> date() const {
    curl_header* field = nullptr;
    if (curl_easy_header(curl_, "Date", 0, CURLH_HEADER, -1, &field) != CURLHE_OK)
      return std::nullopt;
    const std::time_t seconds = curl_getdate(field->value, nullptr);
    if (seconds < 0) return std::nullopt;
    return seconds;
  }

  void prepare() {
    // No signals: they belong to the process.
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, words_.data());
    // ask() of Https has checked the URL, so this refuses nothing else.
    set(CURLOPT_PROTOCOLS_STR, "https,http");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_USERAGENT, "posthorn");
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (const std::string& file = owner_.options_.ca_file; !file.empty()) {
      set(CURLOPT_CAINFO, file.c_str());
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // And no others.
    }
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(owner_.options_.timeout.count()));
    set(CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
    set(CURLOPT_WRITEFUNCTION, &Handle::take_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, &Handle::take_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Handle::should_end);
    set(CURLOPT_XFERINFODATA, this);
  }

  // A callback that takes fewer octets than it was given ends the request.
  static std::size_t take_body(char* data, std::size_t, std::size_t count, void* self) {
    auto& me = *static_cast<Handle*>(self);
    me.too_big_ = me.too_big_ || me.body_.size() + count > kMaxBody;
    if (me.too_big_) return 0;
    me.body_.append(data, count);
    return count;
  }
  static std::size_t take_header(char*, std::size_t, std::size_t count, void* self) {
    auto& me = *static_cast<Handle*>(self);
    me.header_octets_ += count;
    me.too_big_ = me.too_big_ || me.header_octets_ > kMaxHeader;
    return me.too_big_ ? 0 : count;
  }
  static int should_end(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Handle*>(self)->owner_.stopping_ ? 1 : 0;
  }

  const Https& owner_;
  CURL* const curl_;
  std::string body_;
  std::size_t header_octets_ = 0;
  bool too_big_ = false;
  std::array<char, CURL_ERROR_SIZE> words_{};
};

Https::Https(Options options) : options_(std::move(options)) { initialize(); }
Https::~Https() = default;

std::unique_ptr<Https::Handle> Https::take() {
  {
    const MutexLock lock(mutex_);
    if (!free_.empty()) {
      auto handle = std::move(free_.back());
      free_.pop_back();
      return handle;
    }
  }
  return std::make_unique<Handle>(*this);
}

void Https::give_back(std::unique_ptr<Handle> handle) {
  const MutexLock lock(mutex_);
  if (free_.size() < kKeptHandles) free_.push_back(std::move(handle));
}

Result<Answer> Https::ask(const Request& request) {
  if (stopping_) return fail(ErrorKind::unavailable, "the server is stopping");
  if (const Status valid = check_url(request.url, PlainHttp::on_loopback); !valid)
    return fail(ErrorKind::bad_argument, fmt::format("'{}' {}", request.url, valid.error().text));
  auto handle = take();
  auto answer = handle->ask(request);
  give_back(std::move(handle));
  return answer;
}

}  // namespace posthorn::provider
