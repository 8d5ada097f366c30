#include "load/limits.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "load/measure.h"

namespace posthorn::bench {
namespace {

constexpr double kEachMs = 400;
constexpr double kWindowMs = 20;
constexpr std::size_t kSyncs = 100;
constexpr off_t kLogSize = 64 << 20;
constexpr std::size_t kRoundtrips = 5000;
constexpr std::size_t kChunk = 256U << 10;
constexpr std::size_t kCopied = 64U << 20;

std::unexpected<Error> failed(const char* what) {
  return fail(ErrorKind::io, what, std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// Appends of `octets` to a file with room set aside, each synced: what a log does.
Result<Samples> sync_latency(const std::string& folder, std::size_t octets) {
  const std::string path = folder + "/posthorn-sync-latency";
  const Descriptor file(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
  if (file.get() < 0) return failed("cannot make a file there");
  ::unlink(path.c_str());
  // Without it where the file system cannot: then a log has it no better.
  (void)::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, kLogSize);
  const std::string block(octets, 'x');
  Samples samples;
  const Stopwatch whole;
  while (samples.size() < kSyncs && (samples.size() < 5 || whole.milliseconds() < kEachMs)) {
    const Stopwatch watch;
    if (::write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(octets) ||
        ::fdatasync(file.get()) != 0)
      return failed("cannot write there");
    samples.add(watch.milliseconds());
  }
  return samples;
}

struct Pair {
  Descriptor here;
  Descriptor there;
};

Result<Pair> loopback_pair() {
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.get(), any, size) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), any, &size) != 0)
    return failed("cannot listen");
  Descriptor here(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(here.get(), any, size) != 0) return failed("cannot connect");
  Descriptor there(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (there.get() < 0) return failed("cannot accept");
  const int on = 1;
  ::setsockopt(here.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(there.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return Pair{std::move(here), std::move(there)};
}

Result<double> loopback_mb_s() {
  auto pair = loopback_pair();
  if (!pair) return pass(pair);
  std::thread reader([fd = pair->there.get()] {
    std::string buffer(kChunk, '\0');
    while (::recv(fd, buffer.data(), buffer.size(), 0) > 0) {
    }
  });
  const std::string chunk(kChunk, 'x');
  Samples mb_s;
  for (const Stopwatch whole; whole.milliseconds() < kEachMs;) {
    const Stopwatch watch;
    double octets = 0;
    while (watch.milliseconds() < kWindowMs) {
      const ssize_t sent = ::send(pair->here.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      octets += static_cast<double>(sent);
    }
    mb_s.add(octets / 1e3 / watch.milliseconds());
  }
  ::shutdown(pair->here.get(), SHUT_WR);
  reader.join();
  return mb_s.quantile(1);
}

Result<double> roundtrip_us() {
  auto pair = loopback_pair();
  if (!pair) return pass(pair);
  std::thread echo([fd = pair->there.get()] {
    char octet = 0;
    while (::recv(fd, &octet, 1, 0) == 1 && ::send(fd, &octet, 1, MSG_NOSIGNAL) == 1) {
    }
  });
  Samples samples;
  const Stopwatch whole;
  while (samples.size() < kRoundtrips && whole.milliseconds() < kEachMs) {
    char octet = 'x';
    const Stopwatch watch;
    if (::send(pair->here.get(), &octet, 1, MSG_NOSIGNAL) != 1 ||
        ::recv(pair->here.get(), &octet, 1, 0) != 1)
      break;
    samples.add(watch.milliseconds() * 1e3);
  }
  ::shutdown(pair->here.get(), SHUT_WR);
  echo.join();
  return samples.quantile(0.5);
}

double memory_gb_s() {
  const std::vector<char> from(kCopied, 'x');
  std::vector<char> to(kCopied, 'y');  // Touched: fresh pages are not what is measured.
  Samples samples;
  const Stopwatch whole;
  while (whole.milliseconds() < kEachMs) {
    const Stopwatch watch;
    std::memcpy(to.data(), from.data(), kCopied);
    // The copy has to be there.
    asm volatile("" : : "r"(to.data()) : "memory");
    samples.add(static_cast<double>(kCopied) / 1e6 / watch.milliseconds());
  }
  return samples.quantile(1);
}

}  // namespace

Result<std::string> measure_limits(const std::string& folder) {
  constexpr std::array kSizes = {std::pair{"4k", 4UL << 10}, std::pair{"64k", 64UL << 10},
                                 std::pair{"1m", 1UL << 20}};
  std::string out = "{";
  for (const auto& [name, octets] : kSizes) {
    const auto samples = sync_latency(folder, octets);
    if (!samples) return std::unexpected(samples.error());
    out += fmt::format(R"("sync_{0}_ms":{1:.4g},"sync_{0}_p99_ms":{2:.4g},)", name,
                       samples->quantile(0.5), samples->quantile(0.99));
  }
  auto throughput = loopback_mb_s();
  if (!throughput) return pass(throughput);
  auto roundtrip = roundtrip_us();
  if (!roundtrip) return pass(roundtrip);
  return out + fmt::format(R"("loopback_mb_s":{:.4g},"roundtrip_us":{:.4g},"memory_gb_s":{:.3g}}})",
                           *throughput, *roundtrip, memory_gb_s());
}

}  // namespace posthorn::bench
