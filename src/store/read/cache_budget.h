#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

namespace posthorn::store {

/// The memory that several caches use together. Each cache has a part of its own, and may use more
/// as long as the others do not need theirs: a store of small mailboxes has no pages, and all of
/// its memory is then for records.
/// Thread: any, once all shares are made.
class CacheBudget {
 public:
  /// What one cache uses.
  class Share {
   public:
    /// `part` is what the other caches cannot take away, in bytes; the parts of all shares should
    /// add up to the budget. `drop_one` removes the value of the cache that has probably not been
    /// used for longest, calls gave_back(), and returns false if there is no value. It is called on
    /// any thread. The budget must outlive the share, and the other caches must not be used after
    /// a share is destroyed.
    Share(CacheBudget& budget, std::size_t part, std::function<bool()> drop_one);
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    /// Must be followed by CacheBudget::make_room(), without a lock that drop_one takes.
    void took(std::size_t bytes) { add(static_cast<std::ptrdiff_t>(bytes)); }
    void gave_back(std::size_t bytes) { add(-static_cast<std::ptrdiff_t>(bytes)); }
    /// In bytes.
    [[nodiscard]] std::size_t used() const {
      return static_cast<std::size_t>(used_.load(std::memory_order_relaxed));
    }

   private:
    friend class CacheBudget;
    void add(std::ptrdiff_t bytes);
    /// By how much this cache is above its own part; negative below it.
    [[nodiscard]] std::ptrdiff_t excess() const {
      return used_.load(std::memory_order_relaxed) - part_;
    }

    CacheBudget& budget_;
    const std::ptrdiff_t part_;
    const std::function<bool()> drop_one_;
    std::atomic<std::ptrdiff_t> used_ = 0;
  };

  explicit CacheBudget(std::size_t bytes) : bytes_(static_cast<std::ptrdiff_t>(bytes)) {}
  CacheBudget(const CacheBudget&) = delete;
  CacheBudget& operator=(const CacheBudget&) = delete;

  [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(bytes_); }
  [[nodiscard]] std::size_t used() const {
    return static_cast<std::size_t>(used_.load(std::memory_order_relaxed));
  }
  /// Drops values of the cache that is furthest above its part until the budget is kept.
  void make_room();

 private:
  const std::ptrdiff_t bytes_;
  std::atomic<std::ptrdiff_t> used_ = 0;
  std::vector<Share*> shares_;
};

}  // namespace posthorn::store
